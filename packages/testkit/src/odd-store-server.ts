import { createServer } from "node:http";

// Answers like an object store that means no good: odd-store.ts starts it.
const [address = "", oddity = ""] = process.argv.slice(2);

const keys = [
  "../secret-of-host",
  "../../../../etc/passwd",
  "..",
  ".",
  "a/../../b",
  "//double",
  "/etc/shadow",
  "n".repeat(5_000),
  "line\nbreak",
  "&#27;[2J",
  "fine.txt",
];

const listing = `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>open</Name><Prefix></Prefix><MaxKeys>1000</MaxKeys>
<IsTruncated>false</IsTruncated>${keys
  .map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"0"</ETag><Size>99999999999</Size></Contents>`,
  )
  .join("")}</ListBucketResult>`;

const server = createServer((request, response) => {
  process.stdout.write(`${request.method ?? ""} ${request.url ?? ""}\n`);
  if (oddity === "silent") return;
  if (request.method === "GET" && /[?]|^\/open\/?$/.test(request.url ?? "")) {
    response.writeHead(200, { "content-type": "application/xml" }).end(listing);
    return;
  }
  // Headers by which s3fs keeps a file's mode and owner: here those of a device that belongs to root and may be run as root.
  const meta = {
    "x-amz-meta-mode": "27145",
    "x-amz-meta-uid": "0",
    "x-amz-meta-gid": "0",
    "x-amz-meta-rdev": "259",
  };
  response.writeHead(200, { "content-length": "99999999999", ...meta }).end();
});
server.listen(80, address, () => process.stdout.write("ready\n"));
