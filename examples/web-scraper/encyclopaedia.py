"""A small encyclopaedia of the sea. In double brackets: what an article refers to."""

import html
import re

ARTICLES = {
    "Sea": "Most of the earth lies below it, and every [[island]] in it. The [[wind]] makes its [[waves]], the [[moon]] its [[tides]], and rivers its [[salt]].",
    "Moon": "It turns around the earth in a month and pulls at the [[sea]], which makes the [[tides]].",
    "Tides": "Twice a day the [[sea]] comes and goes, because of the [[moon]]. They lay bare the [[beach]], and a [[harbour]] waits for them.",
    "Wind": "Air on its way. It fills the [[sails]], drives the [[waves]] and [[currents]], and grows to a [[storm]].",
    "Waves": "The [[wind]] lifts them, the [[beach]] breaks them. In a [[storm]] they are higher than a [[ship]].",
    "Currents": "Rivers in the [[sea]], driven by the [[wind]] and by differences of [[salt]]. They carry [[icebergs]] and [[krill]].",
    "Salt": "Rivers bring it to the [[sea]], and it stays there when the water goes.",
    "Storm": "[[Wind]] that throws down trees. A [[ship]] looks for a [[harbour]] before it comes.",
    "Ship": "It carries people and goods over the [[sea]]. It finds its way with a [[compass]], and its [[harbour]] by a [[lighthouse]].",
    "Sails": "Cloth with which a [[ship]] catches the [[wind]].",
    "Compass": "A needle that shows the north to a [[ship]], in [[fog]] too.",
    "Harbour": "Where a [[ship]] is safe from a [[storm]]. Mostly a [[lighthouse]] stands beside it.",
    "Lighthouse": "It shows a [[ship]] at night where the [[harbour]] is, and where rocks are. In [[fog]] it uses a horn.",
    "Fog": "A cloud that lies on the [[sea]]. A [[ship]] sounds its horn in it.",
    "Beach": "[[Sand]] that the [[waves]] have brought and that the [[tides]] lay bare.",
    "Sand": "Stones, ground by [[waves]] until they are small.",
    "Island": "Land with the [[sea]] all around it, some with a [[beach]], and some made of [[coral]].",
    "Coral": "Small animals that build reefs of lime, and in time an [[island]].",
    "Icebergs": "Ice that has broken off a glacier and drifts with the [[currents]], dangerous for a [[ship]], most of all in [[fog]].",
    "Krill": "Small crabs in large swarms, the food of the [[whale]].",
    "Whale": "The largest animal there is. It eats [[krill]] and sings below the [[waves]].",
    "Atlantis": "An [[island]] that went down in the [[sea]]. No article refers to it, so that nobody finds this page.",
}
START = "/sea"


def page_at(path: str) -> str | None:
    title = path.removeprefix("/").capitalize()
    article = ARTICLES.get(title)
    if article is None:
        return None
    body = re.sub(r"\[\[(.+?)\]\]", lambda found: f'<a href="/{found[1].lower()}">{found[1]}</a>', html.escape(article))
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{body}</p>"
