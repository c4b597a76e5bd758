import type { FromDelivery, ToDelivery } from '../protocol.ts'

/** What the delivery thread asks the engine: each question is a message, and its answer another. */
export class EngineQuestions {
  readonly #post: (message: FromDelivery) => void
  readonly #waiting = new Map<number, { resolve(body: unknown): void; reject(error: Error): void }>()
  #request = 0

  constructor(post: (message: FromDelivery) => void) {
    this.#post = post
  }

  /** @throws the error that the engine answers with, its fields and its message */
  ask(what: string, args: unknown = {}): Promise<unknown> {
    const request = ++this.#request
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject })
      this.#post({ kind: 'request', request, what, args })
    })
  }

  answered({ request, body, error }: Extract<ToDelivery, { kind: 'answer' }>): void {
    const waiting = this.#waiting.get(request)
    this.#waiting.delete(request)
    if (error) waiting?.reject(Object.assign(new Error(error.message), error))
    else waiting?.resolve(body)
  }
}
