"""Imports the official client once, and forks for each command of the tests: its imports take nine tenths of what a command costs.

What then runs is the unmodified client in a process of its own, with the arguments, environment, directory and standard streams of its
command; it ends as an interpreter does. That it is the same holds while two things do, and both are looked after: no thread runs when it
forks, and the variables that are read at import (MODAL_CONFIG_PATH, MODAL_PROFILE, PYTHON…) are those that all commands have:
`forked-client.ts` starts the others from nothing.
"""

import array
import atexit
import gc
import importlib
import marshal
import os
import select
import signal
import socket
import sys
import threading
import types
from importlib.machinery import BuiltinImporter, SourceFileLoader

interrupted = False


@atexit.register
def end_by_interrupt():
    """Registered before all others, and so the last thing that is done: a parent that looks sees which signal ended it."""
    if interrupted:
        sys.stdout.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)


def serve(listener, run):
    """Forks for each command until the test run ends; returns in the process of each with what it is to run."""
    commands = {}  # fd of a command's process -> its pid and its connection
    poll = select.poll()
    for fd in (listener.fileno(), run):
        poll.register(fd, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                connection, _ = listener.accept()
                try:
                    request = receive(connection)
                except (OSError, EOFError, ValueError, IndexError):
                    connection.close()  # It was killed before it had said what is to run.
                    continue
                pid = os.fork()
                if pid == 0:
                    close_all([listener, connection, *(other for _, _, other in commands.values())])
                    for other in {run, *(ended for _, ended, _ in commands.values())}:
                        os.close(other)
                    return request
                for stream in request[0]:
                    os.close(stream)
                ended = os.pidfd_open(pid)
                commands[ended] = commands[connection.fileno()] = pid, ended, connection
                for watched in (ended, connection.fileno()):
                    poll.register(watched, select.POLLIN)
            elif fd == run:
                for pid, _, _ in commands.values():
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            elif fd in commands:
                pid, ended, connection = commands[fd]
                if fd == ended:
                    _, status = os.waitpid(pid, 0)
                    try:
                        connection.sendall(status.to_bytes(4, sys.byteorder))
                    except OSError:
                        pass  # Who waited for it is gone.
                    for watched in (ended, connection.fileno()):
                        if commands.pop(watched, None):
                            poll.unregister(watched)
                    os.close(ended)
                    connection.close()
                elif numbers := signals_of(connection):
                    for number in numbers:
                        os.kill(pid, number)
                else:  # What stood for it was killed.
                    del commands[fd]
                    poll.unregister(fd)
                    os.kill(pid, signal.SIGKILL)


def signals_of(connection):
    try:
        return connection.recv(64)
    except OSError:
        return b""


def receive(connection):
    size = array.array("i", [0]).itemsize
    header, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_SPACE(3 * size))
    streams = array.array("i", ancillary[0][2])
    length = int.from_bytes(header, sys.byteorder)
    with connection.makefile("rb") as content:
        return streams, *marshal.loads(content.read(length))


def close_all(sockets):
    for each in sockets:
        each.close()


def become(streams, arguments, environment, directory):
    for fd, stream in enumerate(streams):
        os.dup2(stream, fd)
        os.close(stream)
    os.environb.clear()
    os.environb.update(environment)
    os.chdir(directory)
    first, *others = arguments
    main = types.ModuleType("__main__")
    main.__builtins__ = __builtins__
    main.__annotations__ = {}
    if first == "-c":
        source, name = others.pop(0), "<string>"
        main.__loader__ = BuiltinImporter
        sys.path[0] = ""
    else:
        name = main.__file__ = os.path.abspath(first)
        main.__cached__ = None
        main.__loader__ = SourceFileLoader("__main__", name)
        with open(first, "rb") as file:
            source = file.read()
        sys.path[0] = os.path.dirname(os.path.realpath(first))
    sys.argv = [first, *others]
    sys.orig_argv = [sys.executable, *arguments]
    sys.modules["__main__"] = main
    exec(compile(source, name, "exec"), main.__dict__)


def ends_as_an_interpreter(task, *arguments):
    global interrupted
    try:
        task(*arguments)
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        interrupted = isinstance(error, KeyboardInterrupt)
        sys.exit(1)


if __name__ == "__main__":
    listening, run, *modules = sys.argv[1:]
    for module in modules:
        importlib.import_module(module)
    assert threading.active_count() == 1, "A thread would not be there after a fork."
    gc.collect()
    gc.freeze()
    request = serve(socket.socket(fileno=int(listening)), os.pidfd_open(int(run)))
    ends_as_an_interpreter(become, *request)
