/**
 * Passes values on in the order of their indexes: each as soon as it and all before it are there.
 * Servers answer in any order; the lines of two runs shall still be the same.
 */
export function inOrder<T>(emit: (value: T) => void): (index: number, value: T) => void {
  const waiting = new Map<number, T>();
  let next = 0;
  return (index, value) => {
    waiting.set(index, value);
    for (let ready = waiting.get(next); ready !== undefined; ready = waiting.get(next)) {
      waiting.delete(next);
      next += 1;
      emit(ready);
    }
  };
}
