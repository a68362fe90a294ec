// filled in by the arrow library
