/** Places in the shared memory, each an unsigned 32-bit number that wraps. */
const BEAT = 0
const RUNNING = 1
const HANDLED = 2
const STATE = 3
const EVENTS = 4
const SHOWN = 5
const PARTIAL = 6
const EVIDENCE = 7
const STATUSES = 8
const MAKING = 9
const SIZE = 10

/**
 * What the delivery thread leaves where the engine can read it when the thread answers no more: memory that both share. The thread writes, the
 * engine reads. Numbers of messages say how far it came, so that what it had not taken is sent to its successor.
 */
export class Vitals {
  readonly buffer: SharedArrayBuffer
  readonly #slots: Uint32Array

  constructor(buffer = new SharedArrayBuffer(SIZE * Uint32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#slots = new Uint32Array(buffer)
  }

  /** Rises with every message that the thread takes up. */
  get beat(): number {
    return Atomics.load(this.#slots, BEAT)
  }

  /** One more than the place of the notifier whose code runs in the thread; 0 while none does. */
  get running(): number {
    return Atomics.load(this.#slots, RUNNING)
  }

  /** Whether that code makes a message. */
  get making(): boolean {
    return Atomics.load(this.#slots, MAKING) !== 0
  }

  /** Number of the last signal that is durable. */
  get handled(): number {
    return Atomics.load(this.#slots, HANDLED)
  }

  /** Number of the last value of a plugin's state that is durable. */
  get state(): number {
    return Atomics.load(this.#slots, STATE)
  }

  /** Events that were taken up. */
  get events(): number {
    return Atomics.load(this.#slots, EVENTS)
  }

  /** Parts of evidence that were stored, or kept by a store that is broken. */
  get evidence(): number {
    return Atomics.load(this.#slots, EVIDENCE)
  }

  /** Lines of status that were taken up. */
  get statuses(): number {
    return Atomics.load(this.#slots, STATUSES)
  }

  /** Number of the newest signal whose line is written whole. */
  get shown(): number {
    return Atomics.load(this.#slots, SHOWN)
  }

  /** Whether a part of a line is written. */
  get partial(): boolean {
    return Atomics.load(this.#slots, PARTIAL) !== 0
  }

  takeUp(): void {
    Atomics.add(this.#slots, BEAT, 1)
  }

  set running(place: number) {
    Atomics.store(this.#slots, RUNNING, place)
  }

  set making(making: boolean) {
    Atomics.store(this.#slots, MAKING, making ? 1 : 0)
  }

  set handled(number: number) {
    Atomics.store(this.#slots, HANDLED, number)
  }

  set state(number: number) {
    Atomics.store(this.#slots, STATE, number)
  }

  show(number: number): void {
    if (number > this.shown) Atomics.store(this.#slots, SHOWN, number)
  }

  set partial(partial: boolean) {
    Atomics.store(this.#slots, PARTIAL, partial ? 1 : 0)
  }

  takeEvents(count: number): void {
    Atomics.add(this.#slots, EVENTS, count)
  }

  takeStatus(): void {
    Atomics.add(this.#slots, STATUSES, 1)
  }

  takeEvidence(): void {
    Atomics.add(this.#slots, EVIDENCE, 1)
  }
}
