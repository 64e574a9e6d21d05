import { ModalClient, modalVersions } from "@dorian/testkit/modal-client";
import { runningServer, type RunningServer } from "@dorian/testkit/running-server";
import { temporaryDirectory } from "@dorian/testkit/temporary-directory";
import { afterAll, beforeAll, expect, test } from "vitest";

const timeout = 240_000;

const look = `
import os, socket
own = socket.gethostname()
with open("/etc/hostname") as file: named = file.read().strip()
print("seen", socket.gethostbyname(own).startswith(("10.", "172.")), own == named, socket.gethostbyname("localhost"),
      os.environ["HOME"], os.getuid(), sorted(set(os.getgroups()) - {os.getgid()}), os.environ["PATH"].split(":")[0],
      oct(os.stat("/tmp").st_mode & 0o7777), os.statvfs("/dev/shm").f_blocks > 2 ** 14, flush=True)
`;

const app = `
import ctypes, os, signal, subprocess, sys, threading, time, traceback, urllib.request
import modal
app = modal.App("containers")
plain = modal.Image.debian_slim("3.11")
peopled = (plain.run_commands("groupadd -g 700 readers && useradd -m -u 1500 -G readers worker")
    .add_local_file("look.py", "/opt/look.py", copy=True).env({"PATH": "/opt/bin:/usr/local/bin:/usr/bin:/bin"})
    .dockerfile_commands("USER 1500").run_commands("python /opt/look.py"))

@app.function(image=peopled)
def surroundings():
    subprocess.run([sys.executable, "/opt/look.py"], check=True)

@app.function(image=plain, timeout=60)
def ends(how):
    if how == "segv": ctypes.string_at(0)
    if how == "abort": os.abort()
    if how == "leave": os._exit(3)
    if how == "thread": threading.Timer(0.2, lambda: os._exit(4)).start(); time.sleep(60)
    if how == "exit": sys.exit(5)

@app.function(image=plain, memory=(128, 192))
def devours():
    kept = []
    while True: kept.append(os.urandom(1 << 22))

@app.function(image=plain)
def orphans(count):
    for _ in range(count): subprocess.run(["sh", "-c", "(sleep 0.05 &) ; exit 0"])
    for _ in range(100):
        time.sleep(0.1)
        states = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try: states.append(open(f"/proc/{pid}/stat").read().rsplit(") ")[1][0])
            except OSError: pass
        if states.count("Z") == 0: break
    return states.count("Z")

@app.function(image=plain)
def leaf(x): return x

@app.function(image=plain)
@modal.asgi_app()
def web():
    async def answer(scope, receive, send):
        call = await leaf.spawn.aio(2)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": call.object_id.encode()})
    return answer

@app.local_entrypoint()
def main():
    surroundings.remote()
    for how in ("segv", "abort", "leave", "thread", "exit"):
        try: ends.remote(how)
        except BaseException as error: print("ended", how, type(error).__name__, error)
    try: devours.remote()
    except Exception as error: print("ended devours", error)
    print("zombies", orphans.remote(40))
    call_id = urllib.request.urlopen(web.get_web_url()).read().decode()
    call = modal.FunctionCall.from_id(call_id)
    call.get()
    for _ in range(50):
        [root] = call.get_call_graph()
        if root.children: break
        time.sleep(0.1)
    print("graph", root.function_name, root.status.name, [(child.function_name, child.status.name) for child in root.children])
`;

let server: RunningServer;
let said: string;

beforeAll(async () => {
  server = await runningServer({ clients: [modalVersions.newest] });
  await using project = await temporaryDirectory({ "app.py": app, "look.py": look });
  const client = await ModalClient.open(modalVersions.newest, server.dataDirectory);
  const { stdout, stderr } = await client.modal(["run", "app.py"], { cwd: project.path });
  said = stdout + stderr;
}, timeout);
afterAll(() => server[Symbol.asyncDispose]());

test("a build step and a container find the same around them: own name, home, groups, path [A15]", () => {
  const seen = said.match(/^seen .*$/gm);
  expect(seen, said).toHaveLength(2);
  for (const line of seen ?? [])
    expect(line).toBe("seen True True 127.0.0.1 /home/worker 1500 [700] /opt/bin 0o1777 True");
});

test("each end of Python's own is told as what it was [A5]", () => {
  expect(said).toMatch(/^ended segv RemoteError The container was ended by SIGSEGV\.$/m);
  expect(said).toMatch(/^ended abort RemoteError The container was ended by SIGABRT\.$/m);
  expect(said).toMatch(/^ended leave RemoteError The container exited with code 3\.$/m);
  expect(said).toMatch(/^ended thread RemoteError The container exited with code 4\.$/m);
  expect(said).toMatch(/^ended exit SystemExit 5$/m);
  expect(said).toMatch(/^ended devours The container ran out of memory: its limit is 192 MiB\./m);
});

test("what orphans leave is collected [A5]", () => {
  expect(said).toMatch(/^zombies 0$/m);
});

test("the graph of a call that a web function has spawned begins with the web input [A18]", () => {
  expect(said).toMatch(/^graph web SUCCESS \[\('leaf', 'SUCCESS'\)\]$/m);
});
