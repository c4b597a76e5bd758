/**
 * Numbers that notifiers are known by where only a number fits. Engine and thread count alike: in the order of the lists, each name once, whatever
 * becomes of the notifier.
 */
export class Places {
  #names: string[] = []

  reset(listed: readonly { readonly name: string }[]): void {
    this.#names = []
    this.add(listed)
  }

  add(listed: readonly { readonly name: string }[]): void {
    for (const { name } of listed) if (!this.#names.includes(name)) this.#names.push(name)
  }

  placeOf(name: string): number {
    return this.#names.indexOf(name)
  }

  nameOf(place: number): string | undefined {
    return this.#names[place]
  }
}
