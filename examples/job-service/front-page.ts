import type { Job } from "./app.ts";

/** A form, and the jobs as they are. */
export function frontPage(jobs: Job[]): string {
  const rows = jobs.map(
    (job) => `<tr><td>${escaped(job.title)}<td>${job.state}<td>${escaped(outcomeOf(job))}`,
  );
  return `<!doctype html>
<title>Words that a text uses most</title>
<form onsubmit="event.preventDefault(); fetch('/jobs', { method: 'POST', body: text.value }).then(() => location.reload())">
  <textarea id="text" rows="8" cols="60"></textarea><br><button>Count</button>
</form>
<table>${rows.join("\n")}</table>`;
}

function outcomeOf({ words, error }: Job): string {
  return error ?? words?.map(([word, times]) => `${word} ${times}`).join(", ") ?? "";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
