# What every file of ours is compiled with; the reasons stand in CONTRIBUTING and docs.
add_library(elrelay_flags INTERFACE)
target_compile_definitions(elrelay_flags INTERFACE _POSIX_C_SOURCE=200809L)
target_compile_options(elrelay_flags INTERFACE
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align
    -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wwrite-strings -Wnull-dereference
    -Wimplicit-fallthrough -Wswitch-enum -fstack-protector-strong)
set(CMAKE_C_FLAGS_RELEASE "-O2 -D_FORTIFY_SOURCE=2")
target_link_options(elrelay_flags INTERFACE -Wl,-z,relro,-z,now -pie)

if(ELRELAY_SANITIZE)
    target_compile_options(elrelay_flags INTERFACE -fsanitize=${ELRELAY_SANITIZE}
                           -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(elrelay_flags INTERFACE -fsanitize=${ELRELAY_SANITIZE})
endif()
if(ELRELAY_CRASH_POINTS)
    target_compile_definitions(elrelay_flags INTERFACE ELRELAY_CRASH_POINTS)
endif()
if(ELRELAY_COVERAGE)
    target_compile_options(elrelay_flags INTERFACE --coverage)
    target_link_options(elrelay_flags INTERFACE --coverage)
endif()
if(ELRELAY_FUZZ)
    target_compile_options(elrelay_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
