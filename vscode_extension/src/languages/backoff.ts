/** How long to wait before a program that crashed is started again. */

const FIRST = 1000; // milliseconds
const MOST = 5; // crashes in a row
const HEALTHY = 60_000; // milliseconds after which a crash is a first one again

/** Counts the crashes of one program. */
export class Backoff {
  private crashes = 0;

  /** Records a crash and returns the milliseconds to wait; undefined after too many in a row.
   *
   * Args:
   *   lifetime: for how many milliseconds the program has run.
   */
  next(lifetime: number): number | undefined {
    this.crashes = lifetime >= HEALTHY ? 1 : this.crashes + 1;
    return this.crashes > MOST ? undefined : FIRST * 2 ** (this.crashes - 1);
  }
}
