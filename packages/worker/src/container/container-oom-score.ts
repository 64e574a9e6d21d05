/** When the machine runs out of memory, containers end before anything that serves them all, and so does what serves one of them alone. */
export const containerOomScore = 500;
