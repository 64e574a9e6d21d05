type Pair = [name: string, value: string];

/** What a client is told of an answer's body, so that it finds the end of it. */
export interface AnswerFrame {
  /** Names and values, in turn. */
  headers: string[];
  /** False: whatever the app says as a body is not part of this answer. */
  hasBody: boolean;
  /** Bytes that the app says its body has; undefined when it goes to its end. */
  length: number | undefined;
  /** Whether headers can follow the body. */
  takesTrailers: boolean;
}

/** What an answer is to. */
export interface AskedWith {
  method?: string | undefined;
  httpVersion: string;
}

/** Headers of the connection to the container's own server, not of the message. */
const connectionHeaders: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** What is acted on before a body is read cannot be said after it. */
const notInTrailers: ReadonlySet<string> = new Set([
  ...connectionHeaders,
  "authorization",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "host",
  "location",
  "set-cookie",
  "trailer",
  "www-authenticate",
]);

const [noContent, resetContent, notModified] = [204, 205, 304];

/** How to send what an app answers, whose headers are in themselves in order. Pure. */
export function frameOf(
  asked: AskedWith,
  answer: { status: number; headers: readonly Pair[]; trailers: boolean },
): AnswerFrame {
  const { status } = answer;
  const hasBody = asked.method !== "HEAD" && ![noContent, resetContent, notModified].includes(status);
  const takesTrailers = answer.trailers && hasBody && asked.httpVersion === "1.1";
  const said = answer.headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
  // The length of HEAD and 304 is that of the body which GET would have.
  const tellsLength = !takesTrailers && status !== noContent && status !== resetContent;
  const ofConnection = namedByConnection(answer.headers);
  const headers = answer.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    if (lower === "content-length") return tellsLength;
    if (lower === "trailer") return takesTrailers;
    return !connectionHeaders.has(lower) && !ofConnection.has(lower);
  });
  if (status === resetContent) headers.push(["Content-Length", "0"]);
  return {
    headers: headers.flat(),
    hasBody,
    length: hasBody && said !== undefined ? Number(said) : undefined,
    takesTrailers,
  };
}

/** Chooses the headers that may follow a body. */
export function trailersOf(headers: readonly Pair[]): Pair[] {
  return headers.filter(([name]) => !notInTrailers.has(name.toLowerCase()));
}

function namedByConnection(headers: readonly Pair[]): Set<string> {
  const values = headers.filter(([name]) => name.toLowerCase() === "connection");
  return new Set(values.flatMap(([, value]) => value.split(",").map((name) => name.trim().toLowerCase())));
}
