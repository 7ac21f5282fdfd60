"""An invented person in every form that bytes on a disk may show, and the search for them."""
