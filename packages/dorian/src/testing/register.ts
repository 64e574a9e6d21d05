import "@dorian/testing/register";
