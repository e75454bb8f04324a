"""What the operator of a hub uses: values that are checked, deployed and planned for."""
