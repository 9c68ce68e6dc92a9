"""The command line with a configuration, and dead letters to look at."""

import json

from relay_rig import free_port


class Cli:
    """The command line with one configuration: two routes, the first with an inbox."""

    def __init__(self, rig, *routes, **more):
        self.rig = rig
        url = f"http://127.0.0.1:{free_port()}/"
        routes = routes or (rig.route(url, queue={"inbox": "test-events"}), rig.route(url, name="flu"))
        self.config = rig.config(*routes, **more)
        self.client = rig.redis.client

    def __call__(self, *args, code=0, text=b""):
        done = self.rig.run(*args, "--config", self.config, input=text, code=code)
        if code:
            assert done.stderr.decode().splitlines()[-1].startswith("elrelay: ") or not done.stderr
        else:
            assert done.stderr == b""
        return done

    def out(self, *args, **more):
        return self(*args, **more).stdout.decode()

    def err(self, *args, **more):
        return self(*args, **more).stderr.decode()

    def json(self, *args, **more):
        return json.loads(self.out(*args, "--json", **more))

    def routes(self, *args, **more):
        """The routes of a JSON answer by name."""
        return {route["route"]: route for route in self.json(*args, **more)["routes"]}


def as_user(rig, user):
    """The command line of this user of Redis, whose password is `secret`."""
    (rig.folder / "password").write_text("secret")
    route = rig.route("http://127.0.0.1:9/", name="r", queue={"inbox": "inbox"})
    return Cli(rig, route, redis={"url": f"unix://{user}@{rig.folder}/redis.sock",
                                  "password_file": str(rig.folder / "password")})


def bury(client, event, reason="not_json", route="covid", **fields):
    """A dead letter as the queue writes it."""
    ours = {"entry": "1700000000000-1", "reason": reason, "offset": 3, "column": 0, "stage": "convert",
            "batch": "0195f0a0-0000-7000-8000-000000000001", "attempts": 2, "at": 1700000001000, "replays": 0, **fields}
    return client.xadd(f"elrelay:{{{route}}}:dead", {"event": event, **ours}).decode()
