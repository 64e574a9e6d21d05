/** How something with a name is found. */
export interface NamedOptions {
  /** Make it, empty, where there is none. Default false: its first use fails. */
  createIfMissing?: boolean | undefined;
  /** Of which environment. Default: that of the app, or of the program's settings. */
  environment?: string | undefined;
}

/** Which things are meant. */
export interface EnvironmentOption {
  /** Of which environment. Default: that of the app, or of the program's settings. */
  environment?: string | undefined;
}

/** How something with a name is deleted. */
export interface DeleteOptions extends EnvironmentOption {
  /** It is no error when there is none. Default false. */
  allowMissing?: boolean | undefined;
}

/** Something with a name, as it is listed. */
export interface NamedInfo {
  /** By which it is found. */
  name: string;
  /** When it was made. */
  createdAt: Date;
}
