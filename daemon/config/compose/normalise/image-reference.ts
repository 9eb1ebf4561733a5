const NAME = '[a-z0-9]+(?:(?:[.]|_{1,2}|-+)[a-z0-9]+)*';
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = `(?:${LABEL}(?:[.]${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`;
const DIGEST = '[a-zA-Z][a-zA-Z0-9]*(?:[-_+.][a-zA-Z][a-zA-Z0-9]*)*:[0-9a-fA-F]{32,}';
/** The grammar of the engines (distribution/reference, regexp.go). */
const REFERENCE = new RegExp(`^(?:${DOMAIN}/)?${NAME}(?:/${NAME})*(?::\\w[\\w.-]{0,127})?(?:@${DIGEST})?$`);
/** A name may have 255 characters; with tag and digest. */
const LONGEST = 512;

/** Whether an engine can know an image by this name; it would refuse others when the container is made, long after the file was read. */
export function isImageReference(text: string): boolean {
  return text.length <= LONGEST && REFERENCE.test(text);
}
