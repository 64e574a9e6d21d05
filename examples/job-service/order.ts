// Orders jobs over HTTP and follows them: what any client of the service does.
import { setTimeout as delay } from "node:timers/promises";
import { Function } from "dorian";
import type { Job } from "./app.ts";

const front = await Function.fromName("job-service", "front").url();
const texts = [
  "Roll on, thou deep and dark blue Ocean, roll! Roll on!",
  "Water, water, every where, and all the boards did shrink; water, water, every where, nor any drop to drink.",
  "12 34 56",
];
const ordered = await Promise.all(
  texts.map(async (text) => {
    const response = await fetch(`${front}/jobs`, { method: "POST", body: text });
    return response.headers.get("location") ?? "";
  }),
);
for (const location of ordered) {
  let job: Job;
  do {
    await delay(100);
    job = (await (await fetch(`${front}${location}`)).json()) as Job;
  } while (job.state === "open");
  const outcome = job.words?.map(([word, times]) => `${word} ${times}`).join(", ") ?? job.error;
  console.log(`${job.title.slice(0, 12)} … ${job.state}: ${outcome}`);
}
const page = await (await fetch(front)).text();
console.log(`The page lists ${page.match(/<tr>/g)?.length} jobs.`);
