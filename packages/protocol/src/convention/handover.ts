/**
 * Directory of the data directory in which a client of the same machine names files for the server to copy: who may make a link there
 * has the server's own rights on the machine.
 */
export const handoverDirectory = "handover";

/** A link's name: nobody can think of that of another. */
export const handoverLink = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
