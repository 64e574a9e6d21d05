const paths = ["/", "/index.html", "/prices", "/about", "/api/items", "/api/search", "/img/logo.png"];
/** How busy a shop is, by the hour. */
const visitors = [3, 2, 1, 1, 1, 2, 5, 9, 14, 18, 20, 22, 26, 24, 19, 18, 19, 22, 27, 31, 29, 21, 12, 6];
const requestsOfTheBusiestHour = 900;

/** A day's log of a web server, made up; the same for the same day. */
export function accessLog(date: string): string {
  const random = randomFrom(Number(date.replaceAll("-", "")));
  const lines: string[] = [];
  for (const [hour, share] of visitors.entries()) {
    const requests = Math.round((requestsOfTheBusiestHour * share * (0.8 + 0.4 * random())) / 31);
    for (let index = 0; index < requests; index += 1) {
      const minutes = (60 * index) / requests;
      const time = [hour, Math.floor(minutes), Math.floor((minutes % 1) * 60)].map(twoDigits).join(":");
      const path = paths[Math.floor(random() * paths.length)];
      const status = random() < 0.004 ? 503 : random() < 0.03 ? 404 : 200;
      lines.push(`${date}T${time}Z GET ${path} ${status} ${Math.floor(200 + 20_000 * random() ** 3)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

// xorshift32: short, and the same everywhere.
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}
