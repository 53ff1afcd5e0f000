/**
 * Works off a list in lanes, side by side. The first takes from the front and the others from the
 * back, until they meet: what is heavy stands in front, so it meets what is light, and no lane idles.
 *
 * @returns the results in the order in which they were ready
 */
export async function inLanes<Item, Result>(
  lanes: number,
  items: readonly Item[],
  work: (item: Item, lane: number) => Promise<Result>,
): Promise<Result[]> {
  const waiting = [...items];
  const results: Result[] = [];
  const runLane = async (lane: number): Promise<void> => {
    for (;;) {
      const item = lane === 0 ? waiting.shift() : waiting.pop();
      if (item === undefined) return;
      results.push(await work(item, lane));
    }
  };
  await Promise.all(Array.from({ length: lanes }, async (_, lane) => runLane(lane)));
  return results;
}
