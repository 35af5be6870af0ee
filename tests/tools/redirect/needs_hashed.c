// Linked to a library under the name that a wheel repair tool gave it, and to a version of its symbols: the
// loader looks for that version under that name.
const char* which_library(void);

int embedded_check(void) {
  return which_library()[0] == 'o' ? 0 : 1;  // "ours"
}
