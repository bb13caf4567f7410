"""One public function a command: photos in, a Viewable out."""
