// The order in which files are announced: natural order of their paths, texts just before the pictures they belong to.

const BATCH = 500;
// The first batch is small: with 5,000 files behind it, the first picture is on its way before the rest is announced.
const FIRST_BATCH = 16;

const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

const isText = (file) => /\.txt$/i.test(file.name);
const path = (file) => (file.folder ? `${file.folder}/${file.name}` : file.name);
const stem = (file) => path(file).replace(/\.[^./]*$/, "").normalize("NFC").toLowerCase();

function byPath(files) {
  return files
    .map((file) => ({ file, key: path(file) }))
    .sort((a, b) => natural.compare(a.key, b.key) || (a.key < b.key ? -1 : 1))
    .map(({ file }) => file);
}

/**
 * Cut files into batches of at most 500, the first of at most 16.
 *
 * A worker may take a picture as soon as its bytes are here, so its text has to be known by then: each batch brings
 * the texts of its pictures, and brings them first. Texts without a picture come last; the server says so of each.
 */
export function inBatches(files) {
  const texts = new Map();
  const pictures = [];
  for (const file of byPath(files)) {
    if (isText(file)) texts.set(stem(file), [...(texts.get(stem(file)) ?? []), file]);
    else pictures.push(file);
  }
  const batches = [];
  let batch = { texts: [], pictures: [] };
  const most = () => (batches.length ? BATCH : FIRST_BATCH);
  const close = () => {
    if (batch.texts.length + batch.pictures.length) batches.push([...batch.texts, ...batch.pictures]);
    batch = { texts: [], pictures: [] };
  };
  for (const picture of pictures) {
    const own = texts.get(stem(picture)) ?? [];
    if (batch.texts.length + batch.pictures.length + own.length + 1 > most()) close();
    batch.texts.push(...own);
    batch.pictures.push(picture);
    texts.delete(stem(picture));
  }
  close();
  for (const lonely of texts.values()) {
    if (batch.texts.length + lonely.length > most()) close();
    batch.texts.push(...lonely);
  }
  close();
  return batches;
}
