"""Follows the links of a site, many pages at a time, and finds out which of its pages matter most."""

import modal

image = modal.Image.debian_slim().add_local_python_source("encyclopaedia")
app = modal.App("web-scraper", image=image)

# The links of each page that was read. It outlives the app: whoever scrapes again asks for nothing twice.
links_of = modal.Dict.from_name("links-of-pages", create_if_missing=True)


@app.function(max_containers=1)
@modal.concurrent(max_inputs=20)
@modal.wsgi_app()
def site():
    """Something to scrape that bothers nobody."""
    from encyclopaedia import page_at

    def serve(environ, start_response):
        page = page_at(environ["PATH_INFO"])
        start_response("200 OK" if page else "404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
        return [(page or "<h1>There is no such page.</h1>").encode()]

    return serve


@app.function(max_containers=4, retries=3)
def read(path: str, address: str) -> list[str]:
    """The pages that a page links to."""
    from html.parser import HTMLParser
    from urllib.request import urlopen

    links = set()

    class Links(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag == "a":
                links.add(dict(attrs)["href"])

    with urlopen(address + path) as response:
        Links().feed(response.read().decode())
    links_of[path] = sorted(links)
    return sorted(links)


@app.local_entrypoint()
def main(start: str = "/sea"):
    address = site.get_web_url()
    found = {start}
    level = [start]
    requests = 0
    while level:
        known = {path: links_of.get(path) for path in level}
        unread = [path for path, links in known.items() if links is None]
        requests += len(unread)
        links_of_unread = list(read.map(unread, kwargs={"address": address}))
        known |= zip(unread, links_of_unread)
        print(f"{len(level):3} pages, of which {len(unread)} had to be read: {', '.join(level)}")
        level = sorted({link for links in known.values() for link in links} - found)
        found.update(level)
    print(f"{len(found)} pages, {requests} requests. What matters most:")
    ranks = rank({path: links_of[path] for path in found})
    for path, share in sorted(ranks.items(), key=lambda item: -item[1])[:8]:
        print(f"{path:12} {'█' * round(200 * share)} {share:.1%}")


def rank(links: dict[str, list[str]]) -> dict[str, float]:
    """How often somebody is on each page who follows links at random, and now and then begins anew."""
    share = dict.fromkeys(links, 1 / len(links))
    for _ in range(50):
        next_share = dict.fromkeys(links, 0.15 / len(links))
        for path, targets in links.items():
            for target in targets:
                next_share[target] += 0.85 * share[path] / len(targets)
        share = next_share
    return share
