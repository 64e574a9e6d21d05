/** Why a run is given up whose app has changed meanwhile. */
export class FilesChanged extends Error {
  override readonly name = "FilesChanged";
}
