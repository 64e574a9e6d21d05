import { inContainer } from "./platform-environment.ts";

/**
 * What a container's Python runs: a module, as `python -m` would. Before that it sees to it that a signal is written down
 * which user code sends to its own process and others send as a rule, as our guest does for TypeScript: by that the worker
 * tells it from a kill from outside. Only a signal that ends the process: Python or its user may have a handler for it.
 * All names are a function's own, because what stands beside it becomes the module's.
 */
export const pythonStart = `
def start(path):
    import os, runpy, signal, sys
    main, group = os.getpid(), os.getpgrp()
    told = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}

    def tell(number):
        if number == signal.SIGKILL or signal.getsignal(number) == signal.SIG_DFL:
            with open(path, "w") as file:
                file.write(signal.Signals(number).name)

    def watch(place, name, is_aimed):
        send = getattr(place, name)

        def sending(*args):
            try:
                if args[-1] in told and is_aimed(args[0]):
                    tell(args[-1])
            except Exception:
                # Then it counts as a kill from outside, and the input is tried again.
                pass
            return send(*args)

        sending.__module__, sending.__doc__ = place.__name__, send.__doc__
        sending.__name__ = sending.__qualname__ = name
        setattr(place, name, sending)

    def is_main(_=None):
        return os.getpid() == main

    def in_group(pgid):
        return (pgid or os.getpgrp()) == group

    def reaches_main(pid):
        if pid == -1:
            return not is_main()
        return pid == main if pid > 0 else in_group(-pid)

    watch(os, "kill", reaches_main)
    watch(os, "killpg", in_group)
    watch(signal, "raise_signal", is_main)
    watch(signal, "pthread_kill", is_main)

    # After a snapshot: what was brought back in several containers would draw the same numbers in all of them.
    awaited = os.environ.get("MODAL_RESTORE_STATE_PATH")
    if awaited:
        import pathlib

        exists = pathlib.Path.exists

        def looking(self, *args, **options):
            found = exists(self, *args, **options)
            if found and str(self) == awaited:
                pathlib.Path.exists = exists
                refresh()
            return found

        def refresh():
            loaded = sys.modules
            if "random" in loaded:
                loaded["random"].seed()
            if "ssl" in loaded:
                loaded["ssl"].RAND_add(os.urandom(48), 48.0)
            if "numpy.random" in loaded:
                loaded["numpy.random"].seed()
            if "torch" in loaded:
                loaded["torch"].seed()

        pathlib.Path.exists = looking

    del sys.argv[0]
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.getcwd()
    return lambda: runpy._run_module_as_main(sys.argv[0])


start = start(${JSON.stringify(inContainer.ownSignal)})
start()
`.trimStart();
