/** Characters of a Dockerfile: a worker reads it at one go, and a server keeps it. What is long is copied from a file. */
export const maxDockerfileLength = 1024 * 1024;
