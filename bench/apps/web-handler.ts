/** A route as people write them: it reads a little JSON and answers with a little more. */
export async function answer(request: Request): Promise<Response> {
  const { numbers } = (await request.json()) as { numbers: number[] };
  return Response.json({
    sum: numbers.reduce((sum, each) => sum + each, 0),
    path: new URL(request.url).pathname,
  });
}
