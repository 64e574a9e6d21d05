// A queue of jobs with a web front: texts come in over HTTP, are worked through, and old ones are cleared away by the clock.
import { App, AppError, Dict, FunctionCall, Period } from "dorian";
import { frontPage } from "./front-page.ts";

export const app = new App("job-service");

/** What was ordered, by the id of its call: the call itself knows how far it is. */
const orders = Dict.fromName<string, Order>("job-service-orders", { createIfMissing: true });

export interface Order {
  title: string;
  orderedAt: number;
}

export interface Job extends Order {
  id: string;
  state: "open" | "done" | "failed";
  words?: [word: string, times: number][];
  error?: string;
}

/** The work: which words a text uses most. Two at a time; the others wait. */
export const count = app.function(
  { name: "count", maxContainers: 2, timeout: 60 },
  async (text: string): Promise<[string, number][]> => {
    const words = text.toLowerCase().match(/\p{L}{4,}/gu);
    if (!words) throw new RangeError("The text has no word of four letters or more.");
    const times = Map.groupBy(words, (word) => word);
    return [...times]
      .map(([word, found]): [string, number] => [word, found.length])
      .toSorted(([one, a], [other, b]) => b - a || one.localeCompare(other))
      .slice(0, 5);
  },
);

const routes: [method: string, path: URLPattern, answer: Route][] = [
  ["GET", new URLPattern({ pathname: "/" }), async () => html(frontPage(await allJobs()))],
  ["GET", new URLPattern({ pathname: "/jobs" }), async () => Response.json(await allJobs())],
  ["POST", new URLPattern({ pathname: "/jobs" }), order],
  ["GET", new URLPattern({ pathname: "/jobs/:id" }), show],
  ["DELETE", new URLPattern({ pathname: "/jobs/:id" }), giveUp],
];

type Route = (request: Request, id: string) => Promise<Response>;

export const front = app.web({ name: "front", maxConcurrentInputs: 50 }, async (request) => {
  for (const [method, path, answer] of routes) {
    const found = request.method === method ? path.exec(request.url) : null;
    if (found) return await answer(request, found.pathname.groups["id"] ?? "");
  }
  return Response.json({ error: `Nothing is at ${new URL(request.url).pathname}.` }, { status: 404 });
});

async function order(request: Request): Promise<Response> {
  const text = await request.text();
  if (text.length > 1_000_000) return Response.json({ error: "At most a million letters." }, { status: 413 });
  const { functionCallId: id } = await count.spawn(text);
  await orders.set(id, { title: text.slice(0, 40), orderedAt: Date.now() });
  return Response.json({ id }, { status: 202, headers: { location: `/jobs/${id}` } });
}

async function show(_request: Request, id: string): Promise<Response> {
  const found = await orders.get(id);
  return found
    ? Response.json(await jobOf(id, found))
    : Response.json({ error: "No such job." }, { status: 404 });
}

async function giveUp(_request: Request, id: string): Promise<Response> {
  if (await orders.pop(id)) await FunctionCall.fromId(id).cancel();
  return new Response(null, { status: 204 });
}

async function allJobs(): Promise<Job[]> {
  const jobs: Job[] = [];
  for await (const [id, found] of orders) jobs.push(await jobOf(id, found));
  return jobs.toSorted((one, other) => other.orderedAt - one.orderedAt);
}

async function jobOf(id: string, found: Order): Promise<Job> {
  try {
    const words = await FunctionCall.fromId<[string, number][]>(id).get({ timeoutMs: 0 });
    return { id, ...found, state: "done", words };
  } catch (error) {
    if (error instanceof AppError && error.code === "CALL_NOT_FINISHED")
      return { id, ...found, state: "open" };
    return { id, ...found, state: "failed", error: error instanceof Error ? error.message : String(error) };
  }
}

/** Forgets what was ordered more than a day ago. Its results would go by themselves after seven. */
export const clean = app.function(
  { name: "clean", schedule: Period({ hours: 1 }) },
  async (olderThanHours: number = 24) => {
    const before = Date.now() - olderThanHours * 3_600_000;
    let forgotten = 0;
    for await (const [id, { orderedAt }] of orders) {
      if (orderedAt <= before && (await orders.pop(id))) forgotten += 1;
    }
    console.log(`${forgotten} jobs forgotten, ${await orders.size()} kept`);
    return forgotten;
  },
);

function html(text: string): Response {
  return new Response(text, { headers: { "content-type": "text/html; charset=utf-8" } });
}
