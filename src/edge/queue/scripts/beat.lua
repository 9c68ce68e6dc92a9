#!lua flags=allow-oom
-- beat - renews the heartbeat; also takes a name up again that has run out while nobody else
-- took it. A script, since a plain SET is refused at maxmemory. Repeatable.
-- [4] life_ms. Answers as take_name does.
return take_name(ARGV[4])
