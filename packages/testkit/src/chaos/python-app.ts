/** The Python app under chaos. What its functions write is committed without a word (an answer tells of it). */
export const pythonApp = `
import time
import modal

app = modal.App("chaos-python", image=modal.Image.debian_slim("3.11"))
volume = modal.Volume.from_name("chaos-python", create_if_missing=True)

@app.function()
def add(a, b):
    return a + b

@app.function()
def square(n):
    time.sleep(0.02)
    return n * n

@app.function()
def count(start, values):
    for n in range(values):
        yield start + n
        time.sleep(0.05)

@app.function(volumes={"/vol": volume})
def write(name, text):
    with open("/vol/" + name, "w") as file:
        file.write(text)
    return name

@app.function(volumes={"/vol": volume})
def read(name):
    volume.reload()
    with open("/vol/" + name) as file:
        return file.read()

@app.function()
@modal.concurrent(max_inputs=10)
@modal.wsgi_app()
def page():
    def answer(environ, start_response):
        start_response("200 OK", [("content-type", "text/plain")])
        return [environ["QUERY_STRING"].encode()]
    return answer
`;

/** A program that does on demand what users of the official client do: one JSON line each for demand and answer. */
export const pythonCaller = `
import json, sys, threading
import modal

def function(name, app="chaos-python"):
    return modal.Function.from_name(app, name)

def map_squares(numbers):
    return list(function("square").map(numbers))

def dict_roundtrip(key):
    values = modal.Dict.from_name("chaos-python", create_if_missing=True)
    values[key] = {"is": key}
    return values[key]["is"]

def queue_roundtrip(partition, values):
    queue = modal.Queue.from_name("chaos-python", create_if_missing=True)
    queue.put_many(values, partition=partition)
    return queue.get_many(len(values), partition=partition)

deeds = {
    "add": lambda a, b: function("add").remote(a, b),
    "add of the other language": lambda a, b: function("add", "chaos").remote(a, b),
    "spawn": lambda a, b: function("add").spawn(a, b).get(),
    "map": map_squares,
    "count": lambda start, values: list(function("count").remote_gen(start, values)),
    "write": lambda name, text: function("write").remote(name, text),
    "read": lambda name: function("read").remote(name),
    "address of the page": lambda: function("page").get_web_url(),
    "dict": dict_roundtrip,
    "queue": queue_roundtrip,
}
printing = threading.Lock()

def answer(demand):
    try:
        said = {"value": deeds[demand["deed"]](*demand["args"])}
    except BaseException as error:
        said = {"error": f"{type(error).__module__}.{type(error).__name__}: {error}"}
    with printing:
        print(json.dumps({"id": demand["id"], **said}), flush=True)

for line in sys.stdin:
    threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
`;
