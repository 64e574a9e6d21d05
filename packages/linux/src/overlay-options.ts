export interface OverlayOptions {
  /** Directories, lowest first: a later one hides what an earlier one has. */
  lower: string[];
  /** Absent: the mount is read-only. */
  upper?: string;
  work?: string;
  /** Let directories that came from a lower layer be renamed. */
  redirectDirectories?: boolean;
}
