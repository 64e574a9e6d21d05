"""A chat room over websockets. Open its address in two windows of a browser, or let three guests talk: `modal run chat.py`."""

import modal

app = modal.App("chat-over-websockets", image=modal.Image.debian_slim().pip_install("fastapi"))

PAGE = """<!doctype html>
<title>Chat</title>
<form><input autofocus placeholder="your name first, then what you say"></form>
<pre></pre>
<script>
  const [form, input, log] = ["form", "input", "pre"].map((tag) => document.querySelector(tag));
  let socket;
  form.onsubmit = (event) => {
    event.preventDefault();
    if (socket) socket.send(input.value);
    else {
      const address = new URL(`room?name=${encodeURIComponent(input.value)}`, location.href);
      socket = new WebSocket(address.href.replace("http", "ws"));
      socket.onmessage = ({ data }) => (log.textContent += data + "\\n");
    }
    input.value = "";
  };
</script>
"""


# The room is in one container's memory, so there is one container, and everybody is in it at once.
@app.function(max_containers=1)
@modal.concurrent(max_inputs=100)
@modal.asgi_app()
def chat():
    import asyncio

    from fastapi import FastAPI, WebSocket
    from fastapi.responses import HTMLResponse

    web = FastAPI()
    guests: dict[str, WebSocket] = {}

    async def tell_all(message: str):
        sent = (guest.send_text(message) for guest in guests.values())
        # Who has just lost the connection misses it, and nobody else does.
        await asyncio.gather(*sent, return_exceptions=True)

    @web.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    @web.websocket("/room")
    async def room(socket: WebSocket, name: str):
        if name in guests:
            return await socket.close(4000, f"{name} is in the room already")
        await socket.accept()
        guests[name] = socket
        try:
            await tell_all(f"* {name} comes in; here are now: {', '.join(guests)}")
            async for text in socket.iter_text():
                await tell_all(f"{name}: {text}")
        finally:
            del guests[name]
            await tell_all(f"* {name} leaves")

    return web


@app.local_entrypoint()
async def main():
    import aiohttp

    address = await chat.get_web_url.aio()

    async with aiohttp.ClientSession(address) as session, session.ws_connect("/room?name=Ada") as ada:

        async def what_ada_hears():
            print(await ada.receive_str())

        async def say(guest, text):
            await guest.send_str(text)
            await what_ada_hears()

        await what_ada_hears()
        async with session.ws_connect("/room?name=Grace") as grace:
            await what_ada_hears()
            await say(grace, "Has anybody seen a moth?")
            async with session.ws_connect("/room?name=Alan") as alan:
                await what_ada_hears()
                await say(alan, "In the relay. It halted the machine.")
                await say(ada, "Does it halt for every moth?")
                await say(alan, "Nobody can know that.")
            await what_ada_hears()
        await what_ada_hears()
