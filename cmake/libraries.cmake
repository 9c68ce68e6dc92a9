# Debian's libraries, each as a SYSTEM import so that its headers are not held to our warnings.
find_package(PkgConfig REQUIRED)

function(elrelay_library name package)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${package})
    add_library(lib::${name} ALIAS PkgConfig::${name})
endfunction()

elrelay_library(cjson libcjson>=1.7.15)
elrelay_library(uv libuv>=1.44)
elrelay_library(hiredis hiredis>=0.14)
elrelay_library(curl libcurl>=7.88)
elrelay_library(yaml yaml-0.1)
elrelay_library(crypto libcrypto)
elrelay_library(systemd libsystemd)
elrelay_library(microhttpd libmicrohttpd)
if(BUILD_TESTING)
    elrelay_library(cmocka cmocka)
endif()

# TLS to Redis: hiredis has it from 1.0 on; elsewhere rediss:// is refused at start.
add_library(lib_redis_tls INTERFACE)
add_library(lib::redis_tls ALIAS lib_redis_tls)
pkg_check_modules(hiredis_ssl QUIET IMPORTED_TARGET GLOBAL hiredis_ssl)
if(hiredis_ssl_FOUND)
    elrelay_library(ssl libssl)
    target_compile_definitions(lib_redis_tls INTERFACE ELRELAY_REDIS_TLS)
    target_link_libraries(lib_redis_tls INTERFACE PkgConfig::hiredis_ssl lib::ssl lib::crypto)
endif()
