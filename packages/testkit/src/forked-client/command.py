"""Stands for a command that a parent of its client forks: gives it arguments, environment, directory and standard streams, passes signals on
and ends as it ends. Imports nothing that takes time."""

import _signal
import _socket
import marshal
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
name, run, modules, *arguments = sys.argv[1:]
# Without a file, so that nothing is left of it.
address = f"\0{here} {name} {run}".encode()


def connect():
    """To the parent, which the first that comes starts: what connects waits for it from then on."""
    while True:
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            connection.connect(address)
            return connection
        except ConnectionRefusedError:
            connection.close()
        listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            listener.bind(address)
            listener.listen(128)
            start_parent(listener)
        except OSError:
            pass  # Another was first.
        listener.close()


def start_parent(listener):
    if os.fork() != 0:
        return
    os.setsid()
    # Pipes, as the streams of its commands are: Python looks once at what they are.
    for fd in (0, 1, 2):
        reading, writing = os.pipe()
        os.dup2(reading if fd == 0 else writing, fd)
        os.close(reading)
        os.close(writing)
    os.set_inheritable(listener.fileno(), True)
    parent = os.path.join(here, "parent.py")
    os.execv(sys.executable, [sys.executable, parent, str(listener.fileno()), run, *modules.split(",")])


def forward(number, _):
    try:
        connection.send(bytes([number]))
    except OSError:
        pass  # It has ended, which is read next.


connection = connect()
content = marshal.dumps((arguments, dict(os.environb), os.getcwd()))
streams = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2))
header = len(content).to_bytes(4, sys.byteorder)
connection.sendmsg([header], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
connection.sendall(content)
for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT, _signal.SIGUSR1, _signal.SIGUSR2):
    _signal.signal(number, forward)
status = connection.recv(4)
if len(status) < 4:
    os.write(2, f"The process with {modules} imported has ended; its imports may have failed.\n".encode())
    os._exit(1)
code = os.waitstatus_to_exitcode(int.from_bytes(status, sys.byteorder))
if code < 0:
    _signal.signal(-code, _signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
