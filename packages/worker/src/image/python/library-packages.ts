/**
 * Debian packages that hold the libraries that Pythons are linked with. Releases that renamed a package still provide
 * the old name.
 */
const packages: Record<string, string> = {
  "libbz2.so.1.0": "libbz2-1.0",
  "libcrypt.so.1": "libcrypt1",
  "libcrypto.so.1.1": "libssl1.1",
  "libcrypto.so.3": "libssl3",
  "libdb-5.3.so": "libdb5.3",
  "libexpat.so.1": "libexpat1",
  "libffi.so.7": "libffi7",
  "libffi.so.8": "libffi8",
  "libgdbm.so.6": "libgdbm6",
  "libgdbm_compat.so.4": "libgdbm-compat4",
  "liblzma.so.5": "liblzma5",
  "libmpdec.so.3": "libmpdec3",
  "libncursesw.so.6": "libncursesw6",
  "libnsl.so.2": "libnsl2",
  "libpanelw.so.6": "libncursesw6",
  "libreadline.so.8": "libreadline8",
  "libsqlite3.so.0": "libsqlite3-0",
  "libssl.so.1.1": "libssl1.1",
  "libssl.so.3": "libssl3",
  "libtinfo.so.6": "libtinfo6",
  "libtirpc.so.3": "libtirpc3",
  "libuuid.so.1": "libuuid1",
  "libz.so.1": "zlib1g",
  "libzstd.so.1": "libzstd1",
};

/** The packages that have the given libraries; those of the C library are in every image. */
export function packagesFor(libraries: readonly string[]): string[] {
  const found = libraries.map((library) => packages[library]);
  return [...new Set(found.filter((name) => name !== undefined))].toSorted();
}
