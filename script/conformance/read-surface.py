"""Prints the public names of the installed Modal client as JSON: its calls, methods and commands. Run in each client's environment."""
import inspect
import json

import modal
from modal_proto import api_pb2

try:
    from modal_proto import task_command_router_pb2 as router_pb2
except ImportError:
    router_pb2 = None
from modal.cli import entry_point
from modal_version import __version__


def calls():
    files = [api_pb2, router_pb2] if router_pb2 else [api_pb2]
    return sorted(m.name for f in files for s in f.DESCRIPTOR.services_by_name.values() for m in s.methods)


def methods():
    found = set()
    for name in modal.__all__:
        value = getattr(modal, name, None)
        if inspect.isclass(value):
            if issubclass(value, BaseException):
                continue
            own = [n for n in dir(value) if not n.startswith("_") and n not in dir(object)]
            members = [n for n in own if not is_inherited_noise(value, n)]
            found.update(f"{name}.{n}" for n in members)
            if not members:
                found.add(name)
        elif callable(value):
            found.add(name)
    return sorted(found)


def is_inherited_noise(cls, name):
    """Members that every object has for the client's own use."""
    return name in {"aio", "client", "clone", "deps", "hydrate", "is_hydrated", "local_uuid", "object_id"}


def commands():
    found = []

    def walk(command, path):
        if getattr(command, "hidden", False):
            return
        subcommands = getattr(command, "commands", None)
        if path and (not subcommands or getattr(command, "invoke_without_command", False)):
            found.append(" ".join(path))
        for name, sub in sorted((subcommands or {}).items()):
            walk(sub, [*path, name])

    walk(entry_point.entrypoint_cli, [])
    return sorted(found)


print(json.dumps({"version": __version__, "calls": calls(), "methods": methods(), "commands": commands()}))
