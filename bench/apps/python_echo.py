import modal

app = modal.App("bench-python-echo")


@app.function(image=modal.Image.debian_slim("3.11"), scaledown_window=300)
def echo(text):
    return text
