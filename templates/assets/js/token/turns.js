// A token does one thing at a time: calls wait for each other.
export class Turns {
  #last = Promise.resolve();
  #waiting = 0;

  /** busy says that a call is under way or waits. */
  get busy() { return this.#waiting > 0; }

  /** take runs a call after those before it. */
  take(call) {
    this.#waiting++;
    const result = this.#last.then(call);
    this.#last = result.then(() => {}, () => {}).finally(() => { this.#waiting--; });
    return result;
  }
}
