"""A web service in FastAPI that guesses languages: a model in memory, input that is checked, and a state that stays."""

import modal

image = modal.Image.debian_slim().pip_install("fastapi").add_local_python_source("languages")
app = modal.App("fastapi-app", image=image)
# Outlives containers and deployments.
answered = modal.Dict.from_name("languages-answered", create_if_missing=True)


@app.cls()
@modal.concurrent(max_inputs=50)
class Service:
    @modal.enter()
    def learn(self):
        """Runs once in each container, before its first request."""
        from languages import SENTENCES, Guesser

        self.guesser = Guesser(SENTENCES)

    @modal.asgi_app()
    def web(self):
        from fastapi import FastAPI, HTTPException
        from pydantic import BaseModel, Field

        web = FastAPI(title="Which language is it?")

        class Question(BaseModel):
            text: str = Field(min_length=5, max_length=2000)

        class Answer(BaseModel):
            language: str
            confidence: float

        @web.get("/languages")
        async def languages() -> list[str]:
            return list(self.guesser.counts)

        @web.post("/guess")
        async def guess(question: Question) -> Answer:
            language, confidence = next(iter(self.guesser.guess(question.text).items()))
            if confidence < 0.6:
                raise HTTPException(404, "None of the languages that are known here.")
            await answered.put.aio(question.text, language)
            return Answer(language=language, confidence=round(confidence, 3))

        @web.get("/answered")
        async def history() -> dict[str, str]:
            return {text: language async for text, language in answered.items.aio()}

        return web


@app.local_entrypoint()
def main():
    import json
    import urllib.error
    import urllib.request

    address = Service().web.get_web_url()

    def ask(path: str, body: dict | None = None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        try:
            with urllib.request.urlopen(urllib.request.Request(address + path, data, headers)) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)["detail"]

    print("It knows", ", ".join(ask("/languages")))
    for text in [
        "Where is the nearest railway station?",
        "Wo ist der nächste Bahnhof?",
        "Où est la gare la plus proche ?",
        "¿Dónde está la estación más cercana?",
        "Gdzie jest najbliższy dworzec?",
        "Missä on lähin rautatieasema?",
    ]:
        answer = ask("/guess", {"text": text})
        print(f"{answer['language']:8} {answer['confidence']:6.1%}  {text}")
    print("What is too short is refused:", ask("/guess", {"text": "ja"})[1][0]["msg"])
    print("So is what nobody here speaks:", ask("/guess", {"text": "駅はどこですか。"}))
    print(f"{len(ask('/answered'))} answers are remembered. Documentation for people: {address}/docs")
