/**
 * The first process of a Python container, in the image's own Python: it starts what follows it on the command line,
 * passes signals on to that, collects processes that nobody waits for, and ends as it ends. To be a first process itself
 * would make the user's one deaf to signals without a handler, such as its own SIGKILL.
 */
export const pythonInit = `
import os, signal, sys
passed = {signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH}
signal.pthread_sigmask(signal.SIG_BLOCK, passed)
main = os.fork()
if main == 0:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, passed)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.execvp(sys.argv[1], sys.argv[1:])
def forward(number, frame):
    try:
        os.kill(main, number)
    except ProcessLookupError:
        pass
for number in passed:
    signal.signal(number, forward)
signal.pthread_sigmask(signal.SIG_UNBLOCK, passed)
while True:
    ended, status = os.wait()
    if ended == main:
        os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
`.trim();
