/** Address at which containers find the server's HTTP. It is nobody's: workers lead it to the server. */
export const taskHttpHost = "169.254.77.77";

/**
 * Paths that need a signature: all that containers reach of the server's HTTP. Blobs, blocks of volume files, files in
 * layers.
 */
export const signedPaths = { blobs: "/blobs/", blocks: "/blocks/", layers: "/layers/" } as const;
