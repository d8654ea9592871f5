// What openapi-fetch must be told of the bodies of an operation that are not JSON, which is all that it assumes.
import type { MediaTypeObject, OpenAPI3, RequestBodyObject, ResponseObject } from "openapi-typescript";
import { isProblem, mediaKind } from "./media.js";
import { type Operation, ownEntries, resolveRef, successResponses } from "./operations.js";
import type { CallOption } from "./parameters.js";
import { queryStyle } from "./parameters.js";
import { literal } from "./text.js";

const INDENT = "    ";

/** The encodings that a form's members were given, each as `style` writes it. */
function encodings<T>(media: MediaTypeObject | undefined, style: (encoding: Record<string, unknown>) => T | undefined) {
  const entries = Object.entries(media?.encoding ?? {}).map(([name, encoding]) => [name, style({ ...encoding })]);
  return Object.fromEntries(entries.filter(([, written]) => written !== undefined));
}

const formStyle = ({ style, explode, allowReserved, contentType }: Record<string, unknown>) => {
  // OpenAPI 3.1 §4.8.15.1.2: any of these three and the content type is ignored.
  if (style !== undefined || explode !== undefined || allowReserved !== undefined) {
    return queryStyle({ style, explode, allowReserved });
  }
  return typeof contentType === "string" && mediaKind(contentType) === "json" ? { json: true } : undefined;
};

const partType = ({ contentType }: Record<string, unknown>) =>
  typeof contentType === "string" && !/[,*]/.test(contentType) ? contentType : undefined;

/** How the request's body is written: as JSON where the spec lets that be chosen, else as its first media type. */
export function requestBodyOptions(document: OpenAPI3, { spec }: Operation): CallOption[] {
  if (!spec.requestBody) return [];
  const { content } = resolveRef<RequestBodyObject>(document, spec.requestBody);
  const types = Object.keys(content ?? {});
  const type = types.find((name) => mediaKind(name) === "json") ?? types[0];
  if (!type) return [];
  const media = content[type] as MediaTypeObject | undefined;
  const header: CallOption = {
    name: "headers",
    code: `withContentType(${literal(type)}, init)`,
    helper: "withContentType",
    wins: true,
  };
  const serializer = (code: string, helper: CallOption["helper"]): CallOption => ({
    name: "bodySerializer",
    code,
    helper,
  });
  switch (mediaKind(type)) {
    case "json":
      return /^application\/json$|\*/i.test(type) ? [] : [header];
    case "form":
      return [serializer(`serializeForm(${literal(encodings(media, formStyle), INDENT)})`, "serializeForm"), header];
    case "multipart":
      // No header: only `fetch` knows the boundary.
      return [serializer(`toFormData(${literal(encodings(media, partType), INDENT)})`, "toFormData")];
    default:
      return [serializer("rawBody", "rawBody"), header];
  }
}

/** How a success is read: as text or bytes where the spec has nothing that is JSON. */
export function responseBodyOptions(document: OpenAPI3, { spec }: Operation): CallOption[] {
  const types = successResponses(spec).flatMap((response) =>
    Object.keys(resolveRef<ResponseObject>(document, response).content ?? {}),
  );
  const [kind = "json", ...others] = types.map(mediaKind);
  if ([kind, ...others].includes("json")) return [];
  return [{ name: "parseAs", code: kind === "text" || kind === "form" ? '"text"' : '"blob"' }];
}

/** The statuses documented as problems: exact ones as numbers, `4XX` and `default` as they are written. */
export function problemStatuses(document: OpenAPI3, { spec }: Operation): (number | string)[] {
  return ownEntries(spec.responses)
    .filter(([, response]) => Object.keys(resolveRef<ResponseObject>(document, response).content ?? {}).some(isProblem))
    .map(([status]) => (/^\d+$/.test(status) ? Number(status) : status));
}
