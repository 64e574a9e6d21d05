/** Levels that a value may have: what is deeper overflows stacks, here or where it is read. */
export const maxValueDepth = 1_000;
