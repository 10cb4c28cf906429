/** Lines of a text: `await` gives all of them, `for await` gives each as it comes. */
export interface Lines extends PromiseLike<string[]>, AsyncIterable<string> {}

/** Anything that checks an unknown value and gives it a type, for instance a zod schema. */
export interface Schema<T> {
  parse(value: unknown): T;
}
