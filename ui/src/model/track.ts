/**
 * What a value was after each record that changed it. Looking back costs a binary search, so a slider over a long
 * history moves at once, and nothing is folded again.
 */
export class Track<T> {
  private readonly seqs: number[] = [];
  private readonly values: T[] = [];

  constructor(private readonly initial: T) {}

  set(seq: number, value: T): void {
    const last = this.seqs.length - 1;
    if (last >= 0 && this.seqs[last] === seq) {
      this.values[last] = value;
      return;
    }
    this.seqs.push(seq);
    this.values.push(value);
  }

  /** The newest value. */
  get now(): T {
    return this.values.length === 0 ? this.initial : (this.values[this.values.length - 1] as T);
  }

  /** The value after the record `seq`. */
  at(seq: number): T {
    let low = 0;
    let high = this.seqs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.seqs[middle] as number) <= seq) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.initial : (this.values[low - 1] as T);
  }
}
