/** What the worker itself answers or wants to know of a task's calls. */
export interface TaskObserver {
  onHello(): void;
  /** The guest says that a phase is over, see `ReportPhase`; time in Unix seconds. */
  onPhase(phase: string, endedAt: number): void;
  /** The container asks for work: it has started. Called at every request. */
  onReady(): void;
  onInputStarted(input: { inputId: string; functionCallId: string }): void;
  onInputEnded(input: { inputId: string; succeeded: boolean }): void;
  /**
   * Resolves when what the container has to say may be told, since what it wrote until now is kept; undefined when it may
   * be at once. Rejects with the reason why that cannot be kept.
   */
  beforeAnswer(signal: AbortSignal): Promise<void> | undefined;
  onStartFailed(): void;
  /** The guest hangs up now and waits until its memory has been written. */
  onSnapshotAsked(): void;
  commitVolume(volumeId: string, signal: AbortSignal): Promise<void>;
  reloadVolume(volumeId: string, signal: AbortSignal): Promise<void>;
}
